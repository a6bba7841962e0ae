builtins.attrNames { ${throw "name"} = 1; }
