"""What all registration sheets of a site share, from its settings."""

from cards.registration import Site
from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.hooks.services import HOOKS, SERVICE_ID
from cds_service.settings import Settings


def registration_site(settings: Settings) -> Site:
    """Return what the sheets say of the site."""
    return Site(
        base_url=settings.base_url,
        service=SERVICE_ID,
        hooks=tuple(hook for hook in HOOKS if hook in settings.hooks),
        prefetch=tuple(PREFETCH_TEMPLATES.items()),
        language=settings.language,
        text_format=settings.text_format,
        fhir_servers=settings.fhir_servers,
        fetch_seconds=settings.fetch_seconds,
        body_bytes=settings.max_body_bytes,
        certificate_header=settings.certificate_header,
    )
