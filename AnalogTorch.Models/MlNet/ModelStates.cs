extern alias contract;

using Microsoft.ML;
using Internals = contract::Microsoft.ML;

namespace AnalogTorch.Models.MlNet;

/// <summary>States of transformers in the zip file of an ML.NET model.</summary>
/// <remarks>A model names the assembly and the signature of what loads each of its parts; loaders register by <c>LoadableClass</c>.</remarks>
internal static class ModelStates
{
    private const string Kind = "ANALOGTR";
    private const uint Version = 0x00010001;

    /// <summary>Writes a state.</summary>
    /// <param name="context">Where to write to.</param>
    /// <param name="signature">Signature of its loader.</param>
    /// <param name="state">The state.</param>
    public static void Write(ModelSaveContext context, string signature, string state)
    {
        ArgumentNullException.ThrowIfNull(context);
        var into = (Internals.ModelSaveContext)(object)context;
        into.CheckAtModel();
        into.SetVersionInfo(VersionOf(signature));
        into.Writer.Write(state);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="context">Where to read from.</param>
    /// <param name="signature">Signature of its loader.</param>
    public static string Read(Internals.ModelLoadContext context, string signature)
    {
        context.CheckAtModel(VersionOf(signature));
        return context.Reader.ReadString();
    }

    private static Internals.VersionInfo VersionOf(string signature) =>
        new(Kind, Version, Version, Version, typeof(ModelStates).Assembly.GetName().Name!, signature);
}
