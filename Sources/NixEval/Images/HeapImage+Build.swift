import NixStore
import NixVM
import Platform

extension HeapImage {
    /// Evaluates a prepared set and writes its image. Equal specifications and roots give equal files.
    ///
    /// - Parameters:
    ///   - specification: what is evaluated.
    ///   - identity: a digest of 32 bytes of everything that the evaluation depends on. Jobs find it again as
    ///     `HeapImage.identity`.
    ///   - io: the only files that the evaluation may read.
    ///   - limits: the limits on fuel, memory, depth and time.
    ///   - path: the file, which is replaced as a whole.
    /// - Returns: what it took.
    /// - Throws: why the set cannot be evaluated, or the image not be written.
    public static func build(
        _ specification: ImageSpecification, identity: [UInt8], io: RootedIO, limits: EvaluationLimits,
        to path: String
    ) throws(ImageBuildError) -> ImageSummary {
        try build(specification, identity: identity, io: io, limits: limits, to: path) { _ in [] }.summary
    }

    /// What is known of an evaluation when its image is about to be written.
    struct Evaluated {
        /// The number of attributes of the set; 0 for another value.
        var attributes: Int
        /// Whether it printed something, which jobs that start from the image do not print again.
        var hasPrinted: Bool
    }

    /// The same, of whatever can be read.
    ///
    /// - Parameter host: what is kept with the image; it throws if there shall be none. It is called before the attributes
    ///   are evaluated, with `hasPrinted` as it is then, and again when the image is written.
    /// - Returns: what it took, and the file.
    static func build(
        _ specification: ImageSpecification, identity: [UInt8], io: any EvalIO, limits: EvaluationLimits,
        to path: String, host: (Evaluated) throws(ImageError) -> [UInt8]
    ) throws(ImageBuildError) -> (summary: ImageSummary, file: WrittenImage) {
        let result = BigStack.enter { () -> Result<(ImageSummary, WrittenImage), ImageBuildError> in
            do throws(ImageBuildError) {
                let build = try ImageBuild(specification, io, limits, ImageRegion(identity: identity))
                return .success(try build.write(path, identity, host))
            } catch {
                return .failure(error)
            }
        }
        guard let result else {
            throw .evaluation(EvaluationError(kind: .internalError, BigStack.failureText))
        }
        return try result.get()
    }
}

/// Whether something was printed.
private final class PrintedFlag {
    var isSet = false
}

/// The making of one prepared set's image.
private final class ImageBuild {
    private let specification: ImageSpecification
    private let evaluator: Evaluator
    private let printed = PrintedFlag()
    private var attributes = 0
    private var failures = 0

    /// The number of attributes that are evaluated if none are named. Spread over all names, they need what nearly all
    /// packages share: their functions, and the standard environment.
    private static let sampleSize = 32

    init(
        _ specification: ImageSpecification, _ io: any EvalIO, _ limits: EvaluationLimits, _ region: ImageRegion
    ) throws(ImageBuildError) {
        self.specification = specification
        var machineLimits = Limits(fuel: limits.fuel, memory: limits.memoryBytes, depth: limits.depth)
        machineLimits.deadline = limits.timeout.map { MonotonicClock.deadline(after: $0) }
        let settings = MachineSettings(
            currentSystem: specification.system, searchPath: specification.searchPath, pure: true,
            features: specification.features)
        let options = EvaluatorOptions(
            limits: machineLimits, settings: settings,
            pipeOperators: specification.features.contains("pipe-operators"))
        // What the evaluation prints is of no use to the jobs that start from the image.
        let printed = printed
        guard
            let evaluator = Evaluator(
                io: io, options: options, region: region, print: { _ in printed.isSet = true })
        else {
            throw .image(.noRoom)
        }
        self.evaluator = evaluator
    }

    func write(
        _ path: String, _ identity: [UInt8], _ host: (HeapImage.Evaluated) throws(ImageError) -> [UInt8]
    ) throws(ImageBuildError) -> (ImageSummary, WrittenImage) {
        let value: ValueHandle
        let arguments: [(name: [UInt8], value: ValueHandle)]
        do throws(EvalFailure) { (value, arguments) = try evaluateTop() } catch {
            throw .evaluation(evaluator.report(error))
        }
        do throws(ImageError) { _ = try host(evaluated(value)) } catch { throw .image(error) }
        do throws(EvalFailure) { try evaluateAttributes(of: value, arguments) } catch {
            throw .evaluation(evaluator.report(error))
        }
        let fuel = evaluator.machine.fuelUsed
        do throws(ImageError) {
            let written = try evaluator.writeImage(
                to: path, identity: identity, handles: [value], host: try host(evaluated(value)))
            let summary = ImageSummary(
                byteCount: written.byteCount, fuel: fuel, attributes: attributes, failures: failures)
            return (summary, written)
        } catch {
            throw .image(error)
        }
    }

    private func evaluated(_ value: ValueHandle) -> HeapImage.Evaluated {
        let machine = evaluator.machine
        return HeapImage.Evaluated(
            attributes: machine.isAttributes(value) ? machine.attributeNames(value).count : 0, hasPrinted: printed.isSet
        )
    }

    /// Evaluates the file, and calls what it evaluates to.
    private func evaluateTop() throws(EvalFailure) -> (ValueHandle, [(name: [UInt8], value: ValueHandle)]) {
        var arguments: [(name: [UInt8], value: ValueHandle)] = []
        for argument in specification.arguments {
            let value = try evaluator.load(
                source: Array(argument.expression.utf8), name: "«string»", directory: RootedIO.bundlePath)
            arguments.append((Array(argument.name.utf8), value))
        }
        return (try evaluator.autoCall(evaluator.load(file: specification.file), arguments), arguments)
    }

    private func evaluateAttributes(
        of value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) {
        for path in specification.forced {
            attributes += 1
            _ = try force(evaluator.select(fromCalled: value, path: path, arguments))
        }
        guard specification.forced.isEmpty, evaluator.machine.isAttributes(value) else { return }
        let names = evaluator.machine.attributeNames(value)
        let step = max(1, names.count / Self.sampleSize)
        for index in stride(from: 0, to: names.count, by: step) { try look(at: names[index], of: value, arguments) }
    }

    /// Evaluates an attribute as those who list a set do. What fails in itself is left to the jobs that ask for it.
    private func look(
        at name: [UInt8], of value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)]
    ) throws(EvalFailure) {
        attributes += 1
        do throws(EvalFailure) {
            guard let attribute = evaluator.machine.attribute(value, name) else { return }
            _ = try force(evaluator.autoCall(attribute, arguments))
        } catch {
            if error.kind.endsEvaluation { throw error }
            failures += 1
        }
    }

    /// Forces a value, and if it is a derivation, its path and its name.
    private func force(_ value: ValueHandle) throws(EvalFailure) -> ValueHandle {
        let forced = try evaluator.force(value)
        guard evaluator.machine.isAttributes(forced) else { return forced }
        for name in ["type", "drvPath", "name"] {
            guard let attribute = evaluator.machine.attribute(forced, Array(name.utf8)) else { return forced }
            _ = try evaluator.force(attribute)
        }
        return forced
    }
}
