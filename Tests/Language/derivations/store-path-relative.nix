builtins.storePath "foo"
