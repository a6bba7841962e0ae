# Sources that want more than their share, for scripts/hostile. A line of `## NAME` begins each; the bindings of the first
# part are in scope in all of them.
#
# rep n s: s repeated 2^n times. dbl n l: the same of a list. lst n: 0 … n-1. attrs n: a set of n attributes.

let
  rep = n: s: if n <= 0 then s else rep (n - 1) (s + s);
  dbl = n: l: if n <= 0 then l else dbl (n - 1) (l ++ l);
  lst = builtins.genList (i: i);
  attrs = n: builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) n);
  fix = f: let x = f x; in x;
  big = rep 24 "a";
in
with builtins;

## functor
let f = { __functor = f; }; in f 1

## toStringSelf
toString { __toString = self: self; }

## outPathSelf
let a = { outPath = a; }; in toString a

## strcmp
let x = rep 24 "a"; y = rep 24 "a"; in builtins.foldl' (a: i: a && (x == y)) true (builtins.genList (x: x) 1000)

## trace
let x = rep 24 "a"; in builtins.foldl' (a: i: builtins.trace x a) true (builtins.genList (x: x) 1000)

## sort
let x = i: rep 20 "a" + toString i; in builtins.length (builtins.sort builtins.lessThan (builtins.genList (i: x i) 15))

## errctx
let x = rep 20 "a"; f = n: if n == 0 then throw "x" else builtins.addErrorContext x (f (n - 1)); in f 20000

## drvhuge
let x = rep 22 "a"; in (derivation { name = "x"; system = "y"; builder = "z"; args = builtins.genList (i: x) 1000; }).drvPath

## drvout
(derivation { name = "x"; system = "y"; builder = "z"; outputs = builtins.genList (i: "o${toString i}") 100000; }).drvPath

## jsonendless
let l = [ l ]; in builtins.toJSON l

## deependless
let f = n: [ (f (n+1)) ]; in builtins.deepSeq (f 0) 1

## infrec
let f = n: 1 + f (n+1); in f 0

## bigthrow
let x = rep 24 "a"; in throw x

## eqdeep
let f = n: [ (f (n+1)) ]; in f 0 == f 0

## ltdeep
let f = n: [ (f (n+1)) ]; in f 0 < f 0

## bigset
builtins.length (builtins.attrNames (builtins.listToAttrs (builtins.genList (i: { name = "n${toString i}"; value = i; }) 1000000)))

## symbols
let x = rep 20 "a"; in builtins.foldl' (a: i: a // { "${x}${toString i}" = 1; }) {} (builtins.genList (i: i) 1000)

## concatmap
builtins.length (builtins.concatLists (builtins.genList (i: builtins.genList (j: j) 1000) 10000))

## genlist
builtins.length (builtins.genList (i: i) 100000000)

## closure
builtins.length (builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; })

## replace
let x = rep 22 "a"; in builtins.stringLength (builtins.replaceStrings (builtins.genList (i: "b${toString i}") 2000) (builtins.genList (i: "c") 2000) x)

## match
let x = rep 18 "a"; in builtins.match "((a?){200}a{200}){3}" x

## printbig
builtins.genList (i: builtins.genList (j: j) 1000) 1500

## printstr
let x = rep 24 "a"; in x

## hash
let x = rep 24 "a"; in builtins.foldl' (a: i: builtins.hashString "sha512" x) true (builtins.genList (x: x) 1000)

## split
length (split "(a+)b" (rep 24 "a"))

## split2
length (split "" (rep 22 "a"))

## match2
match "(a*)*b" (rep 22 "a")

## matchclass
match "([a-z]|[A-Z]|[0-9]){500}" (rep 20 "ab")

## compareVersions
compareVersions (rep 24 "1.") (rep 24 "1.")

## splitVersion
length (splitVersion (rep 24 "1."))

## replace2000
stringLength (replaceStrings (map (i: "a${toString i}") (lst 2000)) (map toString (lst 2000)) (rep 23 "a"))

## replaceEmpty
stringLength (replaceStrings [ "" ] [ "xyz" ] (rep 23 "a"))

## fromTOML
attrNames (fromTOML (concatStringsSep "\n" (map (i: "[t${toString i}]\na=1") (lst 300000))))

## fromJSON
length (fromJSON "[${concatStringsSep "," (map toString (lst 1000000))}]")

## fromJSONdeep
fromJSON (rep 22 "[" + rep 22 "]")

## toJSONstr
stringLength (toJSON (rep 24 "\""))

## toXML
stringLength (toXML (dbl 20 [ 1 ]))

## substring
foldl' (a: i: a + stringLength (substring i (-1) (rep 24 "a"))) 0 (lst 1000)

## concatSep
stringLength (concatStringsSep "," (dbl 20 [ "aaaa" ]))

## concatSepBig
stringLength (concatStringsSep (rep 20 "a") (lst 100))

## mapAttrsBig
foldl' (a: i: seq (mapAttrs (n: v: v) a) a) (attrs 100000) (lst 100)

## removeAttrs
foldl' (a: i: removeAttrs a [ "k${toString i}" ]) (attrs 50000) (lst 50000)

## updateGrow
foldl' (a: i: a // { "x${toString i}" = i; }) {} (lst 100000)

## intersect
foldl' (a: i: seq (intersectAttrs a a) a) (attrs 100000) (lst 1000)

## zip
attrNames (zipAttrsWith (n: v: v) (map (i: attrs 1000) (lst 1000)))

## groupBy
attrNames (groupBy toString (lst 1000000))

## partition
length (partition (x: x > 5) (lst 2000000)).right

## sortbig
length (sort (a: b: a < b) (map (i: 1000000 - i) (lst 1000000)))

## sortnat
length (sort lessThan (map (i: 1000000 - i) (lst 1000000)))

## sortstr
length (sort lessThan (map (i: rep 16 "a" + toString i) (lst 500)))

## elem
foldl' (a: i: a || elem (-1) (lst 10000)) false (lst 10000)

## concatMap
length (concatMap (x: dbl 10 [ x ]) (lst 100000))

## genericClosureBig
length (genericClosure { startSet = map (i: { key = rep 12 "a" + toString i; }) (lst 3000); operator = x: [ ]; })

## contexts
let d = i: derivation { name = "n${toString i}"; builder = "b"; system = "x"; }; in stringLength (foldl' (a: i: a + (d i).outPath) "" (lst 20000))

## appendContext
stringLength (appendContext "x" (listToAttrs (map (i: { name = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-${toString i}"; value = { path = true; }; }) (lst 100000))))

## toFile
foldl' (a: i: toFile "n${toString i}" (rep 20 "a")) "" (lst 1000)

## structured
(derivation { name = "x"; builder = "b"; system = "s"; __structuredAttrs = true; a = map (i: rep 20 "a") (lst 1000); }).drvPath

## hashFile
foldl' (a: i: hashString "md5" (rep 22 "a")) "" (lst 100000)

## throwDeep
let f = n: if n == 0 then throw "x" else 1 + f (n - 1); in f 300000

## tryEvalDeep
let f = n: if n == 0 then throw "x" else 1 + f (n - 1); in foldl' (a: i: a + (if (tryEval (f 3000)).success then 1 else 0)) 0 (lst 100000)

## errctxDeep
let f = n: if n == 0 then throw "x" else addErrorContext ("c" + toString n) (f (n - 1)); in f 200000

## errctxThunk
let f = n: if n == 0 then throw "x" else addErrorContext (toString (n + 1)) (f (n - 1)); in f 30000

## assertEq
assert (dbl 20 [ 1 ]) == (dbl 20 [ 1 ] ++ [ 2 ]); 1

## assertEqDeep
assert attrs 300000 == attrs 300001; 1

## missingAttr
(attrs 300000).nope

## missingLong
{ ${rep 20 "a"} = 1; }.${rep 20 "a" + "b"}

## dynattrs
foldl' (a: i: { ${rep 16 "a" + toString i} = i; }) {} (lst 100000)

## functorChain
let f = n: if n == 0 then (x: x) else { __functor = self: f (n - 1); }; in f 1000000 1

## withChain
let f = n: if n == 0 then 1 else with { x = n; }; f (n - 1); in f 10000000

## toStringList
stringLength (toString (dbl 22 [ 1 ]))

## toStringNest
stringLength (toString (fix (x: [ x ])))

## deepSeqBig
deepSeq (map (i: { a = [ i ]; }) (lst 1000000)) 1

## pathCoerce
toString (/. + (rep 22 "/a"))

## seqloop
let f = x: f (x + 1); in f 0

## strgrow
let f = s: f (s + "a"); in f ""

## listgrow
let f = s: f (s ++ [ 1 ]); in f [ ]

## curPos
foldl' (a: i: unsafeGetAttrPos "k1" (attrs 10)) 1 (lst 1000000)

## traceDeep
trace (attrs 300000) 1

## printDeep
attrs 500000

## convertHash
foldl' (a: i: convertHash { hash = rep 20 "a"; toHashFormat = "sri"; hashAlgo = "sha256"; }) 1 (lst 10000)

## getFlake
parseFlakeRef (rep 22 "a")

## outputsMany
attrNames (derivation { name = "x"; builder = "b"; system = "s"; outputs = map (i: "o${toString i}") (lst 20000); })

## longMissing
{ }.${rep 25 "a"}

## longGetAttr
getAttr (rep 25 "a") { }

## longName
derivation { name = rep 25 "a"; system = "s"; builder = "b"; }

## longUrl
fetchurl (rep 25 "a")

## longContext
appendContext "a" { ${rep 25 "a"} = { path = true; }; }

## longSearch
findFile [ ] (rep 25 "a")

## longStorePath
storePath ("/nix/store/" + rep 25 "a")

## longPathName
path { path = ./.; name = rep 25 "a"; }

## longToPath
toPath ("/" + rep 25 "a")

## longGroup
groupBy (x: rep 25 "a") [ 1 ]

## longVariable
getEnv (rep 25 "a")

## longPlaceholder
placeholder (rep 25 "a")

## longRead
readFile ("/" + rep 21 "a")

## longList
deepSeq (genList (i: [ i ]) 800000) 1
