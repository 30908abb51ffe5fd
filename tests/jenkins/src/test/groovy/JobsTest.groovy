import groovy.json.JsonOutput
import org.junit.Test

/** Runs the Job DSL of -Djobs=FILE, if given, and writes the jobs that it declares, as a tree of calls, into the same file with .json. */
class JobsTest {
    @Test
    void writeTheTree() {
        if (!System.getProperty('jobs')) return
        def file = new File(System.getProperty('jobs'))
        def calls = new Calls()
        def script = new GroovyShell().parse(file)
        script.metaClass.methodMissing = { String name, Object arguments -> calls.methodMissing(name, arguments) }
        script.run()
        new File("${file.path}.json").text = JsonOutput.toJson(calls.made)
    }
}

/** Every call becomes [name, arguments, calls inside its closure]. */
class Calls {
    final List made = []

    Object methodMissing(String name, Object arguments) {
        def given = (arguments as List).collect { it instanceof Closure ? null : it }.findAll { it != null }
        def body = (arguments as List).find { it instanceof Closure }
        def inside = new Calls()
        if (body) {
            body.delegate = inside
            body.resolveStrategy = Closure.DELEGATE_FIRST
            body.call()
        }
        made << [name: name, arguments: given, inside: inside.made]
        return null
    }
}
