import ArgumentParser
import NixSyntax

/// The options that warn of certain literals, or refuse them, as Nix can.
struct LintArguments: ParsableArguments {
    @Option(help: "What to do about URLs without quotes: ignore them, warn, or refuse them (fatal).")
    var lintUrlLiterals: LiteralLints.Level?

    @Option(help: "The same for relative paths that do not begin with a dot: ignore, warn or fatal.")
    var lintShortPathLiterals: LiteralLints.Level?

    @Option(help: "The same for paths that begin with / or ~: ignore, warn or fatal.")
    var lintAbsolutePathLiterals: LiteralLints.Level?

    /// The levels, of which each is `ignore` by default.
    var levels: LiteralLints {
        var levels = LiteralLints()
        levels.urls = lintUrlLiterals ?? .ignore
        levels.shortPaths = lintShortPathLiterals ?? .ignore
        levels.absolutePaths = lintAbsolutePathLiterals ?? .ignore
        return levels
    }
}

extension LiteralLints.Level: ExpressibleByArgument {}
