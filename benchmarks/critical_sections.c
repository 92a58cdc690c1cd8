/* What a container and an item would cost without the GIL: for a list of lists, the nanoseconds for each of them of
 * a plain read, of one within a critical section, and of one by a reference of its own; the least of some runs.
 *
 *     cc -O2 -shared -fPIC $(python3.14t-config --includes) critical_sections.c -o critical_sections.so
 *     python3.14t -c "import critical_sections as c; print(c.measure([[i] for i in range(100_000)]))"
 */
#include <Python.h>
#include <time.h>

#define RUNS 7

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static PyObject *measure(PyObject *module, PyObject *lists)
{
    Py_ssize_t count = PyList_GET_SIZE(lists);
    volatile Py_ssize_t sum = 0;
    double least[3] = {1e18, 1e18, 1e18};
    for (int run = 0; run < RUNS; run++) {
        double times[4] = {now()};
        for (Py_ssize_t i = 0; i < count; i++) {
            sum += PyList_GET_SIZE(PyList_GET_ITEM(lists, i));
        }
        times[1] = now();
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *list = PyList_GET_ITEM(lists, i);
            Py_BEGIN_CRITICAL_SECTION(list);
            sum += PyList_GET_SIZE(list);
            Py_END_CRITICAL_SECTION();
        }
        times[2] = now();
        for (Py_ssize_t i = 0; i < count; i++) {
            PyObject *list = PyList_GetItemRef(lists, i);
            sum += PyList_GET_SIZE(list);
            Py_DECREF(list);
        }
        times[3] = now();
        for (int way = 0; way < 3; way++) {
            double each = (times[way + 1] - times[way]) / count;
            least[way] = each < least[way] ? each : least[way];
        }
    }
    return Py_BuildValue("ddd", least[0], least[1], least[2]);
}

static PyMethodDef methods[] = {{"measure", measure, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "critical_sections", NULL, -1, methods};

PyMODINIT_FUNC PyInit_critical_sections(void)
{
    PyObject *module = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    if (module != NULL) {
        PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
    }
#endif
    return module;
}
