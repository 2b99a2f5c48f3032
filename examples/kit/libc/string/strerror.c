/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

char *strerror(int errnum)
{
    static const struct {
        int errnum;
        const char *text;
    } texts[] = {
        {ENOENT, "No such file or directory"},
        {EIO, "Input/output error"},
        {ENOMEM, "Cannot allocate memory"},
        {ENODEV, "No such device"},
        {ENOTDIR, "Not a directory"},
        {EISDIR, "Is a directory"},
        {EINVAL, "Invalid argument"},
        {ERANGE, "Numerical result out of range"},
        {ENAMETOOLONG, "File name too long"},
        {ELOOP, "Too many levels of symbolic links"},
        {EOVERFLOW, "Value too large for defined data type"},
        {EOPNOTSUPP, "Operation not supported"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].errnum == errnum)
            return (char *)texts[i].text;
    return (char *)"Unknown error";
}
