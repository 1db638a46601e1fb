"""The demonstration chart: a page that calls the service as an EHR would."""
