# Names that are also there without `builtins.`.
map builtins.typeOf [ abort baseNameOf dirOf import isNull map removeAttrs scopedImport throw toString true false null ]
