let x = "v"; in ''
    a
${x}
    b
''
