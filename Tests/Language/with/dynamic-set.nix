let make = n: { ${n} = 1; }; in with make "foo"; foo
