import ArgumentParser
import FirnCommands
import JobStore

/// The command `firn store`.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Check and back up the store of a coordinator.",
        discussion: """
            Both work while the coordinator runs, and change nothing in its store.

            Example: firn store backup /var/lib/firn /backup/firn-monday
            """,
        subcommands: [Check.self, Backup.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Find out whether a store can be trusted.",
            discussion: """
                Reads every page, compares jobs, leases and outcomes with each other, and the files of traces and store objects \
                with what the database says of them. The exit code is 1 if something is wrong. A coordinator checks pages and \
                rows by itself when it starts.

                Example: firn store check /var/lib/firn
                """)

        @Argument(help: "The store's directory.")
        var directory: String

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() throws {
            let report: StoreReport
            do throws(JobStoreError) { report = try JobStore.check(directory: directory) } catch {
                throw CommandFailure(error.description)
            }
            if json {
                Output.text(Self.document(report).text + "\n")
            } else {
                for note in report.notes { Output.note("note: \(note)") }
                for fault in report.faults { Output.note("error: \(fault)") }
                Output.text(summary(report) + "\n")
            }
            if !report.faults.isEmpty { throw ExitCode(1) }
        }

        private func summary(_ report: StoreReport) -> String {
            guard report.faults.isEmpty else { return "the store at \(directory) cannot be trusted: restore a backup" }
            return "\(report.jobs) jobs, \(report.finished) of them finished; files: \(report.traceFiles) of traces, "
                + "\(report.objectFiles) of store objects; nothing is wrong"
        }

        private static func document(_ report: StoreReport) -> JSONValue {
            .object([
                ("faults", .array(report.faults.map { .string($0) })),
                ("notes", .array(report.notes.map { .string($0) })), ("jobs", .number(report.jobs)),
                ("finished", .number(report.finished)), ("traceFiles", .number(Int64(report.traceFiles))),
                ("objectFiles", .number(Int64(report.objectFiles))),
            ])
        }
    }

    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup", abstract: "Copy a store to a directory of its own.",
            discussion: """
                A backup is a store. To restore it, stop the coordinator, move its store away, copy the backup there with \
                cp -a, and start the coordinator. Jobs that were open when the backup was made are queued again. Later ones are \
                not in it, and their numbers are not given again.

                Example: firn store backup /var/lib/firn /backup/firn-monday
                """)

        @Argument(help: "The store's directory.")
        var directory: String

        @Argument(help: "The directory of the backup, which must not exist.")
        var destination: String

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() throws {
            let report: BackupReport
            do throws(JobStoreError) { report = try JobStore.backUp(directory, to: destination) } catch {
                throw CommandFailure(error.description)
            }
            if json {
                let members: [(String, JSONValue)] = [
                    ("jobs", .number(report.jobs)), ("files", .number(Int64(report.files))),
                    ("bytes", .number(report.bytes)),
                ]
                return Output.text(JSONValue.object(members).text + "\n")
            }
            Output.text(
                "\(destination) has \(report.jobs) jobs, and \(report.files) files with \(report.bytes) bytes\n")
        }
    }
}
