''
  first
    second ''${x} ''' $$ ''\t
  ${third}
''
