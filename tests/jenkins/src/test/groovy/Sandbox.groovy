import net.sf.json.JSONArray
import net.sf.json.JSONObject

/**
 * Jenkins' script security, for what `readJSON` returns without `returnPojo`: a script may call the methods of Java's own
 * collections on it, and none of json-lib.
 */
class Sandbox {
    static final List<Class> ALLOWED = [Map, List, Collection, Iterable, Object]

    static void close() {
        [JSONArray, JSONObject].each { Class type ->
            type.metaClass.invokeMethod = { String name, Object arguments ->
                def method = type.metaClass.getMetaMethod(name, (Object[]) arguments)
                def own = method?.declaringClass?.theClass?.name?.startsWith('net.sf.json')
                if (own && !ALLOWED.any { it.methods.any { each -> each.name == name } }) {
                    throw new Rejected("Scripts not permitted to use method ${type.name} ${name}")
                }
                return method.doMethodInvoke(delegate, (Object[]) arguments)
            }
        }
    }

    static class Rejected extends RuntimeException {
        Rejected(String message) { super(message) }
    }
}
