import NixStore
import NixVM

/// The image of a package set among the images of a user: found if nothing that its making has seen has changed since, and
/// made otherwise.
package struct SetImage: Sendable {
    private let specification: ImageSpecification
    private let folder: ImageFolder
    private let key: [UInt8]

    /// The fewest attributes of a set for which an image pays. All of a smaller one would be evaluated to make it, before
    /// workers can share the work.
    static let leastAttributes = 256

    package init(_ specification: ImageSpecification, folder: ImageFolder) {
        self.specification = specification
        self.folder = folder
        var request = ImageSession.Request()
        request.add("package set")
        request.add(specification.file)
        for argument in specification.arguments {
            request.add(argument.name)
            request.add(argument.expression)
        }
        request.add(specification.forced)
        for entry in specification.searchPath {
            request.add(entry.prefix)
            request.add(entry.path)
        }
        request.add(specification.system != nil)
        request.add(specification.system ?? [])
        request.add(specification.features.sorted())
        key = request.key
    }

    /// The file of the image; nil if there is none that holds for what can be read now.
    package func find(_ io: any EvalIO) -> String? {
        do throws(ImageError) {
            let image = try folder.open(key)
            var decoder = unsafe ImageDecoder(image.hostBytes)
            return try decoder.dependencies().change(io) == nil ? folder.file(key) : nil
        } catch {
            return nil
        }
    }

    /// Makes the image.
    ///
    /// - Parameters:
    ///   - io: what can be read, at the paths of this machine.
    ///   - limits: the limits of the evaluation.
    /// - Returns: the file.
    /// - Throws: why there is no image: the evaluation fails, prints something that jobs would not print again, depends on
    ///   what may differ from one to the next, or has too few attributes for an image to pay.
    package func make(_ io: any EvalIO, limits: EvaluationLimits) throws(ImageBuildError) -> String {
        do throws(ImageError) { try folder.create() } catch { throw .image(error) }
        // Reading all files again takes milliseconds, beside a run of seconds, and does not depend on their times.
        let recorder = RecordingIO(io, recordsContents: true)
        let written = try HeapImage.build(
            specification, identity: key, io: recorder, limits: limits, to: folder.file(key)
        ) { evaluated throws(ImageError) in
            guard evaluated.attributes >= Self.leastAttributes else { throw .unsupported("the set is small") }
            guard !evaluated.hasPrinted else { throw .unsupported("the evaluation prints something") }
            if let taint = recorder.taint { throw .unsupported(taint) }
            var host = ImageEncoder()
            host.add(recorder.dependencies)
            return host.bytes
        }
        folder.finish(key, written.file)
        return folder.file(key)
    }
}
