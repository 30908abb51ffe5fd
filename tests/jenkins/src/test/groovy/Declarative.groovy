/** The declarative sections that the Jenkinsfile uses, with Jenkins' order: a failed stage skips the rest, `post` always runs. */
class Declarative {
    final Map env
    final Map params
    final Closure step            // (name, arguments) -> result of a step
    final List<String> stages = []

    Declarative(Map env, Map params, Closure step) {
        this.env = env
        this.params = params
        this.step = step
    }

    void pipeline(Closure body) {
        def sections = [:]
        sectionsOf(body, ['agent', 'options', 'parameters', 'triggers', 'stages', 'post'], sections)
        assert sections.keySet().containsAll(['agent', 'stages'])
        try {
            run(sections.stages, [stage: { String name, Closure stage -> declared(name, stage) }])
        } finally {
            def always = [:]
            sectionsOf(sections.post, ['always'], always)
            run(always.always, [:])
        }
    }

    private void declared(String name, Closure body) {
        def sections = [:]
        sectionsOf(body, ['when', 'steps'], sections)
        assert sections.steps: "stage ${name} has no steps"
        if (sections.when) {
            def condition = null
            run(sections.when, [expression: { Closure it -> condition = it }])
            if (!inside(condition)) return
        }
        stages << name
        run(sections.steps, [script: { Closure it -> inside(it) }])
    }

    private static void sectionsOf(Closure body, List<String> known, Map sections) {
        Closure copy = (Closure) body.clone()
        copy.delegate = new Sections(known, sections)
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        copy.call()
    }

    private void run(Closure body, Map handlers) {
        body.delegate = new Steps(this, handlers)
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.call()
    }

    private Object inside(Closure body) {
        body.delegate = new Steps(this, [:])
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.call()
    }

    Object scripted(String name, Object[] arguments) {
        switch (name) {
            case 'stage':
                stages << (String) arguments[0]
                return inside((Closure) arguments[1])
            case 'timeout':
                return inside((Closure) arguments[1])
            case 'withEnv':
                return within(((List) arguments[0]).collectEntries { it.toString().split('=', 2) as List }, (Closure) arguments[1])
            case 'withCredentials':
                return within([GIT_TOKEN_GIVEN: '1'], (Closure) arguments[1])
            default:
                return step.call(name, arguments as List)
        }
    }

    private Object within(Map more, Closure body) {
        def before = new HashMap(env)
        env.putAll(more)
        try {
            return inside(body)
        } finally {
            env.clear()
            env.putAll(before)
        }
    }
}

class Sections {
    final List<String> known
    final Map sections

    Sections(List<String> known, Map sections) {
        this.known = known
        this.sections = sections
    }

    Object methodMissing(String name, Object arguments) {
        assert name in known: "${name} is no section that Jenkins has here"
        sections[name] = ((Object[]) arguments).find { it instanceof Closure }
        return null
    }

    Object propertyMissing(String name) { name } // agent any
}

class Steps {
    final Declarative pipeline
    final Map handlers

    Steps(Declarative pipeline, Map handlers) {
        this.pipeline = pipeline
        this.handlers = handlers
    }

    Map getEnv() { pipeline.env }

    Map getParams() { pipeline.params }

    Object methodMissing(String name, Object arguments) {
        def handler = handlers[name]
        return handler ? handler.call(*((Object[]) arguments)) : pipeline.scripted(name, (Object[]) arguments)
    }
}
