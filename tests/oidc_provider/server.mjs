// An OpenID Connect provider: panva's oidc-provider as it comes, behind HTTPS. Ours are only the socket and the login
// page, which signs in whom the last call of /test/person named and consents to everything. Configuration comes as JSON
// on standard input; the port goes out on a line.
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { createServer as plainServer } from 'node:net';
import Provider from 'oidc-provider';

const { cert, key, client, people } = JSON.parse(await text(process.stdin));
let person = Object.keys(people)[0];

const probe = plainServer().listen(0, '127.0.0.1');
await new Promise((ready) => probe.once('listening', ready));
const { port } = probe.address();
await new Promise((closed) => probe.close(closed));

const provider = new Provider(`https://localhost:${port}`, {
  clients: [client],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
  cookies: { keys: ['only for tests'] },
});

async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: person } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const answer = provider.callback();
const server = createServer({ cert, key }, async (request, response) => {
  const url = new URL(request.url, 'https://localhost');
  if (url.pathname === '/test/person') {
    person = url.searchParams.get('sub');
    return response.end();
  }
  if (url.pathname.startsWith('/interaction/')) return interact(request, response);
  return answer(request, response);
});
server.listen(port, '127.0.0.1', () => console.log(port));
