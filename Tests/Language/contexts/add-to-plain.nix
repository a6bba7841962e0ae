# differs from 2.8.0: it has no addDrvOutputDependencies
builtins.addDrvOutputDependencies "a"
