# differs from 2.8.0: a wrong type is told with the value.
builtins.compareVersions "1" 2
