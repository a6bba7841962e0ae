let x = "1\n      2"; in ''
    a
      ${x}
    b
''
