using System.Text.Encodings.Web;
using System.Text.Json;

namespace AnalogTorch.Checkpoints;

/// <summary>How the JSON texts of a checkpoint are written and read: a name stands once, and no other stands there.</summary>
internal static class CheckpointJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        AllowDuplicateProperties = false,
    };
}
