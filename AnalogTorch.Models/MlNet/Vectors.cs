using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>Values in ML.NET's vectors.</summary>
internal static class Vectors
{
    /// <summary>Puts values into a vector, in its memory where that is large enough.</summary>
    public static void Fill<T>(ref VBuffer<T> vector, ReadOnlySpan<T> values)
    {
        var editor = VBufferEditor.Create(ref vector, values.Length);
        values.CopyTo(editor.Values);
        vector = editor.Commit();
    }
}
