''
  "quoted" 'single' '''two'''
''
