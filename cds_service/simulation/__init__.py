"""What a change of the rules would do: the same people under two rule sets, person by person. Nothing is stored here.

::

    members: the built-in cohort, an uploaded export, or recorded facts  -->  one record at a time
        --> effect: assessed under both rule sets; what differs and which factor did it
        --> tally: counts by tier, age, sex and limb class, and the people who change
        --> run: over a whole cohort, with progress, until it is told to stop

Whoever cannot be assessed is counted apart: "could not be checked" is not "nothing changes".
Nothing is imported here: the hooks need one module of these alone.
"""
