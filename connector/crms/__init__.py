"""The CRMs that Coltiva talks to, one folder each."""
