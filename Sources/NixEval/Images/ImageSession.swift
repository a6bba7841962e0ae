import NixStore
import NixVM

/// The use of an automatic image by one evaluation of the command line: it continues from the image of an earlier
/// evaluation of the same inputs, if nothing that was seen has changed, and leaves one for the next.
package final class ImageSession {
    /// What an evaluation was asked for, as far as its results depend on it and do not come from files.
    package struct Request {
        private var encoder = ImageEncoder()

        package init() {
            encoder.add(Evaluator.version)
            encoder.add(StorePath.directory)
        }

        package mutating func add(_ text: String) { encoder.add(text) }
        package mutating func add(_ text: [UInt8]) { encoder.add(text) }
        package mutating func add(_ texts: [String]) { encoder.add(texts) { $0.add($1) } }
        package mutating func add(_ flag: Bool) { encoder.add(flag) }

        /// The digest of everything that was added.
        var key: [UInt8] { Hash(of: encoder.bytes, .sha256).bytes }
    }

    private let folder: ImageFolder
    private let key: [UInt8]
    private let recorder: RecordingIO
    /// The image that the evaluation continues from; nil if there is none.
    package let image: HeapImage?
    /// Which of the values of the inputs the image has.
    private let presentValues: [Bool]
    /// Where an image can be made.
    package let region: ImageRegion
    /// Why the image of an earlier evaluation is not used; nil if there is none, or it is used.
    package let refusal: ImageError?
    /// Whether something was printed besides the result, which an image would not repeat.
    package var hasPrinted = false
    /// The values of the inputs, by number: as they were loaded, and as they were called. A value is absent if it was not
    /// needed.
    private var values: [ValueHandle?]

    /// The file of the image.
    package var file: String { folder.file(key) }

    /// What the machine reads.
    package var io: any EvalIO { recorder }

    /// - Parameters:
    ///   - request: what is asked for.
    ///   - inputs: the number of files and expressions.
    ///   - folder: where images are kept.
    ///   - io: what is read.
    ///   - checksContents: whether files are compared by their contents, and not by size, time and inode.
    package init(_ request: Request, inputs: Int, folder: ImageFolder, io: any EvalIO, checksContents: Bool) {
        self.folder = folder
        var request = request
        request.add(checksContents)
        key = request.key
        region = ImageRegion(identity: key)
        values = Array(repeating: nil, count: 2 * inputs)
        do throws(ImageError) {
            let (image, dependencies, present) = try Self.open(folder, key, io)
            self.image = image
            presentValues = present
            refusal = nil
            recorder = RecordingIO(io, recordsContents: checksContents, known: dependencies)
        } catch {
            image = nil
            presentValues = []
            refusal = error == .absent ? nil : error
            recorder = RecordingIO(io, recordsContents: checksContents)
        }
    }

    private static func open(
        _ folder: ImageFolder, _ key: [UInt8], _ io: any EvalIO
    ) throws(ImageError) -> (HeapImage, FileDependencies, present: [Bool]) {
        let image = try folder.open(key)
        var decoder = unsafe ImageDecoder(image.hostBytes)
        let dependencies = try decoder.dependencies()
        if let change = dependencies.change(io) { throw .outdated(change) }
        return (image, dependencies, try decoder.list { (decoder) throws(ImageError) in try decoder.flag() })
    }

    /// Takes the values of the image, once there is a machine that continues from it.
    package func begin(_ evaluator: Evaluator) throws(ImageError) {
        guard image != nil else { return }
        var handles = evaluator.machine.imageHandles[...]
        guard presentValues.count == values.count, handles.count == presentValues.count(where: { $0 }) else {
            throw .damaged
        }
        for (index, isPresent) in presentValues.enumerated() where isPresent {
            values[index] = handles.popFirst()
        }
    }

    /// The value of an input as it was loaded, or as it was called; nil if the image does not have it.
    package func value(_ input: Int, isCalled: Bool) -> ValueHandle? { values[2 * input + (isCalled ? 1 : 0)] }

    package func keep(_ value: ValueHandle, _ input: Int, isCalled: Bool) {
        values[2 * input + (isCalled ? 1 : 0)] = value
    }

    /// The least that an evaluation must have allocated for an image to pay, in bytes.
    private static let leastBytes = 8 << 20

    /// Leaves an image for the next evaluation, if this one has evaluated enough and nothing speaks against it. After that
    /// the evaluator can evaluate nothing more.
    ///
    /// - Returns: why there is no image; nil if there is one, or none was wanted.
    package func finish(_ evaluator: Evaluator) -> ImageError? {
        let allocated = evaluator.machine.heapStatistics.allocatedBytes
        let known = image?.byteCount ?? 0
        guard !hasPrinted, allocated > max(Self.leastBytes, known / 4), evaluator.machine.stop.cause == nil else {
            return nil
        }
        if let taint = recorder.taint { return .unsupported(taint) }
        do throws(ImageError) {
            try folder.create()
            var host = ImageEncoder()
            host.add(recorder.dependencies)
            host.add(values) { $0.add($1 != nil) }
            let written = try evaluator.writeImage(
                to: folder.file(key), identity: key, handles: values.compactMap { $0 }, host: host.bytes)
            folder.finish(key, written)
            return nil
        } catch {
            return error
        }
    }
}
