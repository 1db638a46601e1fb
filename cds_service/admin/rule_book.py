"""The addresses of the rules: pages, code lists, receivers, and the interface for programs."""

from fastapi import APIRouter

from cds_service.admin.rules import api, codes, pages, receivers

router = APIRouter()
for _part in (codes, receivers, api, pages):
    router.include_router(_part.router)
