[ (x: x) (x: y: x) builtins.add (builtins.add 1) ({ a }: a) map ]
