{ lib }:
let
  inherit (lib) mkOption types mkIf mkMerge mkForce mkDefault mkBefore mkAfter mkOverride;
  service = types.submodule ({ name, config, ... }: {
    options = {
      enable = mkOption { type = types.bool; default = false; };
      port = mkOption { type = types.int; default = 80; };
      url = mkOption { type = types.str; };
    };
    config.url = mkDefault "http://${name}:${toString config.port}";
  });
  options.options = {
    services = mkOption { type = types.attrsOf service; default = { }; };
    lines = mkOption { type = types.lines; default = ""; };
    names = mkOption { type = types.listOf types.str; default = [ ]; };
    level = mkOption { type = types.enum [ "low" "high" ]; default = "low"; };
    maybe = mkOption { type = types.nullOr types.int; default = null; };
    either = mkOption { type = types.either types.int types.str; default = 0; };
    made = mkOption { type = types.functionTo types.int; };
  };
  modules = [
    options
    ({ config, ... }: { services.web = { enable = true; port = 8080; }; names = mkIf config.services.web.enable [ "web" ]; })
    { services.db.port = mkDefault 5432; services.web.url = mkForce "https://example"; }
    { lines = mkMerge [ "one" (mkAfter "three") (mkBefore "zero") ]; }
    { lines = "two"; level = mkOverride 10 "high"; either = "text"; names = mkBefore [ "first" ]; }
    { made = x: x + 1; }
    ({ lib, ... }: { maybe = lib.mkIf false 1; })
  ];
  result = lib.evalModules { inherit modules; };
  failing = extra: builtins.tryEval (builtins.deepSeq (lib.evalModules { modules = modules ++ [ extra ]; }).config.level null);
in
{
  config = removeAttrs result.config [ "made" "_module" ];
  made = result.config.made 41;
  option = { inherit (result.options.services) isDefined; type = result.options.level.type.description; };
  definitions = map (d: d.value) result.options.names.definitionsWithLocations;
  conflict = failing { level = mkOverride 10 "low"; };
  wrong = failing { level = mkForce "middle"; };
  freeform = (lib.evalModules {
    modules = [ { freeformType = types.attrsOf types.int; options.a = mkOption { type = types.str; }; } { a = "x"; b = 1; c = 2; } ];
  }).config;
}
