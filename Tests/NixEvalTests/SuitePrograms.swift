import Foundation
import NixBytecode
import NixCompiler
import NixEval
import NixStore
import NixSyntax
import NixVM

/// The sources of the language suite, and how the tests run them.
enum SuitePrograms {
    /// The names and bytes of all ordinary cases, sorted by name. Heavy cases need a machine of their own.
    static let sources: [(name: String, bytes: [UInt8])] = {
        let suite = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Language")
        let found = FileManager.default.enumerator(at: suite, includingPropertiesForKeys: nil)
        let files = (found?.compactMap { $0 as? URL } ?? []).filter { file in
            let isHeavy = FileManager.default.fileExists(atPath: file.deletingPathExtension().path + ".mem")
            return file.pathExtension == "nix" && !isHeavy && !file.pathComponents.contains("data")
        }
        return files.sorted { $0.path < $1.path }.compactMap { file in
            (try? Data(contentsOf: file)).map { (file.pathComponents.suffix(2).joined(separator: "/"), Array($0)) }
        }
    }()

    /// The encoded programs of the sources that compile.
    static let encoded: [(name: String, bytes: [UInt8])] = sources.compactMap { source in
        let options = CompileOptions(globals: GlobalNames(Machine.globalNames))
        guard let tree = try? parse(source.bytes), let analysed = try? AnalysedSource(tree, options: options),
            let program = try? analysed.program()
        else { return nil }
        return (source.name, program.encoded())
    }

    /// A job with limits of fuel, memory, and depth that end any evaluation soon, and without readable files. It has no
    /// deadline: on a busy computer that would end some evaluations early.
    static func job(_ input: EvaluationJob.Input, fuel: Int = 20_000) throws -> EvaluationJob {
        var job = EvaluationJob(input, io: try RootedIO(roots: []))
        job.isStrict = true
        job.limits.fuel = fuel
        job.limits.memoryBytes = 16 << 20
        job.limits.depth = 20_000
        job.limits.timeoutNanoseconds = nil
        job.limits.resultBytes = 1 << 16
        return job
    }

    static let directory = Array("/job".utf8)
}
