import Foundation
import SwiftProtobuf

extension WireTenantChanges {
    /// The changes as a JSON document with sorted tenants, which operators can read.
    public var json: [UInt8] {
        get throws {
            var options = JSONEncodingOptions()
            options.useDeterministicOrdering = true
            return Array(try jsonUTF8Data(options: options)) + Array("\n".utf8)
        }
    }

    /// Reads such a document. Fields that this version does not know are ignored.
    public init(json: [UInt8]) throws {
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        try self.init(jsonUTF8Bytes: json, options: options)
    }
}
