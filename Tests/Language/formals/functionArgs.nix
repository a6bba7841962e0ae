map builtins.functionArgs [ ({ a, b ? 1, ... }: a) ({ }: 1) (x: x) ({ z ? 1, a }@s: 1) ]
