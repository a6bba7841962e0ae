# differs from 2.8.0: messages show ten attributes and elements
"${toString 1}" + builtins.genList (x: 1) 13
