"""A synthetic population: FHIR R4 records of people who do not exist, the same for the same seed.

For trying out a rule set on many people, for proving and measuring the screening. Nobody has a name.
Nothing in it is epidemiology: shares are set so that every tier, gate and card of the default rules occurs.

::

    population.toml, background.toml: what may occur  -->  recipes: its codes, from the terminology
        --> person: who it is  -->  traits, limbs: resources that matter  +  background: resources that do not
        --> oddities: what real exports have wrong  -->  population: one patient after the other  -->  export: NDJSON
"""

from cds_service.cohort.export import Export, write_export
from cds_service.cohort.population import Population, SyntheticPatient

__all__ = ["Export", "Population", "SyntheticPatient", "write_export"]
