exports.handler = async () => 'CommonJS'
