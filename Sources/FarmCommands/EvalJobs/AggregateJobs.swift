import Glibc

/// The jobs that aggregate jobs name, and the aggregates in the order in which they can be rewritten, by the rules of
/// nix-eval-jobs.
///
/// An aggregate names other jobs by their attributes, or by patterns. A name that no job has, a pattern that none
/// matches, and a job that failed break it.
struct AggregateJobs {
    /// A job as far as aggregates are concerned.
    struct Job {
        /// The error of a job that failed.
        var error: String?
        /// What an aggregate names; empty for another job.
        var names: [String] = []
        /// Whether the names are patterns.
        var areGlobs = false
    }

    /// An aggregate with the jobs that it consists of.
    struct Aggregate: Equatable {
        var name: String
        /// The jobs, sorted.
        var constituents: [String]
        /// Why it cannot be rewritten: names with reasons, in the order in which they were found.
        var broken: [Broken] = []
    }

    struct Broken: Equatable {
        var name: String
        var reason: String
    }

    enum Resolution: Equatable {
        /// The aggregates, each behind those that it consists of.
        case ordered([Aggregate])
        /// Two aggregates that need each other, and all other aggregates.
        case cycle(String, String, others: [String])
    }

    private let jobs: [String: Job]
    private let sortedNames: [String]

    init(_ jobs: [String: Job]) {
        self.jobs = jobs
        sortedNames = jobs.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func resolved() -> Resolution {
        let aggregates = sortedNames.compactMap { name in
            jobs[name].flatMap { $0.names.isEmpty ? nil : aggregate(name, $0) }
        }
        return ordered(aggregates)
    }

    private func aggregate(_ name: String, _ job: Job) -> Aggregate {
        var found: Set<String> = []
        var broken: [Broken] = []
        /// Takes a job, unless it failed.
        func take(_ constituent: String, _ job: Job) -> Bool {
            guard let error = job.error else {
                found.insert(constituent)
                return true
            }
            if !broken.contains(where: { $0.name == constituent }) {
                broken.append(Broken(name: constituent, reason: error))
            }
            return false
        }
        for wanted in job.names {
            if let constituent = jobs[wanted] {
                _ = take(wanted, constituent)
            } else if !job.areGlobs {
                broken.append(Broken(name: wanted, reason: "does not exist"))
            } else {
                var isMatched = false
                for other in sortedNames where other != name && Self.matches(other, wanted) {
                    if let constituent = jobs[other], take(other, constituent) { isMatched = true }
                }
                if !isMatched {
                    broken.append(Broken(name: wanted, reason: "constituent glob pattern had no matches"))
                }
            }
        }
        return Aggregate(
            name: name, constituents: found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, broken: broken)
    }

    /// Whether a name matches a pattern of the shell, in which `*` may stand for dots and slashes, too.
    private static func matches(_ name: String, _ pattern: String) -> Bool { unsafe fnmatch(pattern, name, 0) == 0 }

    /// Orders aggregates by a depth-first search.
    private func ordered(_ aggregates: [Aggregate]) -> Resolution {
        let byName = Dictionary(uniqueKeysWithValues: aggregates.map { ($0.name, $0) })
        var result: [Aggregate] = []
        var seen: Set<String> = []
        for start in aggregates where seen.insert(start.name).inserted {
            // The aggregates on the way, each with those of its constituents that are still to be visited.
            var way = [(aggregate: start, left: start.constituents[...])]
            while let last = way.last {
                guard let next = last.left.first else {
                    result.append(last.aggregate)
                    way.removeLast()
                    continue
                }
                way[way.count - 1].left.removeFirst()
                guard next != last.aggregate.name, let aggregate = byName[next] else { continue }
                if way.contains(where: { $0.aggregate.name == next }) {
                    let others = aggregates.map(\.name).filter { $0 != next && $0 != last.aggregate.name }
                    return .cycle(next, last.aggregate.name, others: others)
                }
                if seen.insert(next).inserted { way.append((aggregate, aggregate.constituents[...])) }
            }
        }
        return .ordered(result)
    }
}
