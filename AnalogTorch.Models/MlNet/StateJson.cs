using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AnalogTorch.Models.MlNet;

/// <summary>How states are written.</summary>
internal static class StateJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Reads a state.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static TState Read<TState>(string state) where TState : class
    {
        try
        {
            return JsonSerializer.Deserialize<TState>(state, Options) ?? throw new InvalidDataException("The saved network is empty: take another copy of the model.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("The saved network is damaged, or of another version of AnalogTorch: take another copy of the model.", e);
        }
    }
}
