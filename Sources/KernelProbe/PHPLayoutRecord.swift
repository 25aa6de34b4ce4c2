internal import CProbe
internal import PHPRuntime

extension probe_php {
    /// What the kernel side has to know of a PHP binary.
    init(_ binary: PHPBinary) {
        self.init()
        entry = binary.entry
        executor_globals = binary.executorGlobals
        sapi_globals = binary.sapiGlobals
        sapi_module = binary.sapiModule
        debug = binary.debugPointer
        kind =
            switch binary.kind {
            case .program: UInt8(PROBE_PHP_PROGRAM.rawValue)
            case .library: UInt8(PROBE_PHP_LIBRARY.rawValue)
            case .host: UInt8(PROBE_PHP_HOST.rawValue)
            }
        unverified = binary.isVerified ? 0 : 1
        guard let layout = binary.layout else { return }
        version = UInt16(layout.major) << 8 | UInt16(layout.minor)
        current_execute_data = layout.currentExecuteData
        opline = layout.opline
        function = layout.function
        previous = layout.previous
        function_name = layout.functionName
        scope = layout.scope
        file_name = layout.fileName
        class_name = layout.className
        op_line = layout.opLine
        string_length = layout.stringLength
        string_value = layout.stringValue
        server_context = layout.serverContext
        request_method = layout.requestMethod
        path_translated = layout.pathTranslated
        request_uri = layout.requestURI
        fcgi_has_environment = layout.fcgiHasEnvironment
        fcgi_environment = layout.fcgiEnvironment
    }
}
