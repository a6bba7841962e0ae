# A tab is no indentation.
''
	tab
  two
''
