# Lines of spaces do not count for the indentation, but lose it.
''
    a
  
      
    b
''
