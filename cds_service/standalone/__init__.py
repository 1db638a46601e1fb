"""The stand-alone pages: assess without CDS Hooks, by form or file; the rules and their sources; what this is."""
