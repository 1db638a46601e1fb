"""The demonstration chart: a page with synthetic patients that calls the service as an EHR would."""

from cds_service.demo.noise import noise
from cds_service.demo.patients import DemoPatient, demo_patients, hook_request, hook_request_of_bundle
from cds_service.demo.routes import demo_routes

__all__ = ["DemoPatient", "demo_patients", "demo_routes", "hook_request", "hook_request_of_bundle", "noise"]
