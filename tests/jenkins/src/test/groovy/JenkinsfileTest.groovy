import com.lesfurets.jenkins.unit.BasePipelineTest
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import net.sf.json.JSONSerializer
import org.junit.Test

/** Runs a Jenkinsfile once for every case of -Dcases=FILE and writes what happened to -Dresults=FILE. */
class JenkinsfileTest extends BasePipelineTest {
    @Test
    void runEveryCase() {
        def cases = new JsonSlurperClassic().parse(new File(System.getProperty('cases')))
        Sandbox.close()
        new File(System.getProperty('results')).text = JsonOutput.toJson(cases.collect { run(it) })
    }

    private Map run(Map each) {
        setUp()
        def commands = []
        Map env = new HashMap(each.env)
        def steps = { name, arguments -> step(name, arguments, each, env, commands) }
        def declarative = new Declarative(env, each.params, steps)
        helper.registerAllowedMethod('pipeline', [Closure]) { Closure body -> declarative.pipeline(body) }
        def folder = new File((String) each.repository)
        helper.scriptRoots = [folder.path] as String[]
        helper.baseScriptRoot = folder.path
        helper.scriptExtension = ''
        helper.init()
        String failure = null
        try {
            runScript((String) each.script)
        } catch (CommandFailed error) {
            failure = error.message
        }
        return [name: each.name, failure: failure, stages: declarative.stages, commands: commands]
    }

    private static Object step(String name, List arguments, Map each, Map env, List commands) {
        switch (name) {
            case 'sh': return shell(arguments[0], each, env, commands)
            case 'readJSON': return json((Map) arguments[0])
            case ['gitUsernamePassword', 'usernamePassword']: return arguments[0]
            case 'error': throw new CommandFailed((String) arguments[0])
            case 'input':
                commands << "input ${((Map) arguments[0]).message}".toString()
                if (env.REFUSED) throw new CommandFailed('Refused.')
                return null
            case ['archiveArtifacts', 'echo']: return null
            default: throw new AssertionError("the Jenkinsfile uses the step ${name}, which this test does not know")
        }
    }

    private static Object json(Map asked) {
        asked.returnPojo ? new JsonSlurperClassic().parseText((String) asked.text) : JSONSerializer.toJSON(asked.text)
    }

    /** Runs the command, in the repository of the case. */
    private static Object shell(Object argument, Map each, Map env, List commands) {
        def asked = argument instanceof Map ? argument : [script: argument]
        commands << asked.script.toString()
        def builder = new ProcessBuilder('bash', '-euo', 'pipefail', '-c', asked.script.toString())
        builder.directory(new File((String) each.repository))
        env.each { key, value -> builder.environment().put(key.toString(), value.toString()) }
        def errors = File.createTempFile('stderr', '')
        builder.redirectError(errors)
        def process = builder.start()
        def output = process.inputStream.text
        def code = process.waitFor()
        if (asked.returnStatus) return code
        if (code != 0) {
            throw new CommandFailed("${asked.script}: ${errors.text.readLines().takeRight(3).join(' ')}")
        }
        return asked.returnStdout ? output : null
    }

    static class CommandFailed extends RuntimeException {
        CommandFailed(String message) { super(message) }
    }
}
