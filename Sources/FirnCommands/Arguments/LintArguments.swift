import ArgumentParser
import NixSyntax

/// What to do about literals that Nix would rather not see.
struct LintArguments: ParsableArguments {
    @Option(help: "URLs without quotes: ignore, warn of or refuse (fatal) them.")
    var lintUrlLiterals: LiteralLints.Level?

    @Option(help: "Relative paths that start without a dot: ignore, warn, fatal.")
    var lintShortPathLiterals: LiteralLints.Level?

    @Option(help: "Paths that start with / or ~: ignore, warn, fatal.")
    var lintAbsolutePathLiterals: LiteralLints.Level?

    /// Nothing is said unless asked for.
    var levels: LiteralLints {
        var levels = LiteralLints()
        levels.urls = lintUrlLiterals ?? .ignore
        levels.shortPaths = lintShortPathLiterals ?? .ignore
        levels.absolutePaths = lintAbsolutePathLiterals ?? .ignore
        return levels
    }
}

extension LiteralLints.Level: ExpressibleByArgument {}
