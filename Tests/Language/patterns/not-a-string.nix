# differs from 2.8.0: a wrong type is told with the value.
# A pattern is a string.
builtins.match 1 "a"
