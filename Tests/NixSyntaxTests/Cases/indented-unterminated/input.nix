a: ''
  text
