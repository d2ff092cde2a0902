using System.Text.Json;
using System.Text.Json.Serialization;
using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>A trained network as data: enough to make it anew, in this process or another.</summary>
internal sealed record SavedNetwork
{
    private NetworkFactory? network;

    /// <summary>What it learnt.</summary>
    public required LearningTask Task { get; init; }

    /// <summary>Name of the column of features.</summary>
    public required string FeatureColumn { get; init; }

    /// <summary>Number of features.</summary>
    public required int Features { get; init; }

    /// <summary>Seed of start values, devices and noise.</summary>
    public required long Seed { get; init; }

    /// <summary>Type of the factory that makes the network.</summary>
    public required string FactoryType { get; init; }

    /// <summary>The factory's properties.</summary>
    public required JsonElement Factory { get; init; }

    /// <summary>The hardware that its layers are on, or null.</summary>
    public JsonElement? Hardware { get; init; }

    /// <summary>Layers on other hardware.</summary>
    public SavedRule[] Rules { get; init; } = [];

    /// <summary>State dict of the layer that scales features, or null.</summary>
    public byte[]? Scaling { get; init; }

    /// <summary>Checkpoint of the network.</summary>
    public required byte[] Weights { get; init; }

    /// <summary>The chip that it is programmed into, or null.</summary>
    public SavedChip? Chip { get; init; }

    /// <summary>A network that was just trained.</summary>
    /// <param name="options">How.</param>
    /// <param name="task">What it learnt.</param>
    /// <param name="features">Number of features.</param>
    /// <param name="seed">Seed of start values, devices and noise.</param>
    /// <param name="scaling">The layer that scales features, or null.</param>
    /// <param name="weights">Checkpoint of the network.</param>
    public static SavedNetwork Of(AnalogNetworkOptions options, LearningTask task, int features, long seed, FeatureScaling? scaling, byte[] weights) => new()
    {
        network = options.Network,
        Task = task,
        FeatureColumn = options.FeatureColumnName,
        Features = features,
        Seed = seed,
        FactoryType = TypeNames.Of(options.Network.GetType()),
        Factory = JsonSerializer.SerializeToElement(options.Network, options.Network.GetType(), StateJson.Options),
        Hardware = options.Training.LayersOn is { } hardware ? Json(hardware) : null,
        Rules = [.. options.Rules.Select(SavedRule.Of)],
        Scaling = scaling is null ? null : Streams.Bytes(stream => scaling.save(stream)),
        Weights = weights,
    };

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static SavedNetwork Read(string state) => StateJson.Read<SavedNetwork>(state);

    /// <summary>The network as text.</summary>
    /// <exception cref="InvalidOperationException">Another program could not make the network.</exception>
    public string Write()
    {
        if (network is MethodNetwork { CanBeSaved: false })
            throw new InvalidOperationException("AnalogNetworkOptions.Network is a lambda, which cannot be saved with the model: give NetworkFactory.Of a static method, or derive a class from NetworkFactory.");
        if (network is not null and not MethodNetwork && (!network.GetType().IsVisible || network.GetType().GetConstructor([]) is null))
            throw new InvalidOperationException($"{network.GetType().Name} must be a public class with a public constructor without parameters to be saved with the model, but is not.");
        return JsonSerializer.Serialize(this, StateJson.Options);
    }

    /// <summary>The same network, programmed.</summary>
    public SavedNetwork On(SavedChip chip) => this with { Chip = chip };

    /// <summary>Makes the network and reads its weights.</summary>
    public Module<Tensor, Tensor> Build()
    {
        using var scope = NewDisposeScope();
        var module = Make(network ??= RestoreFactory(), new(Features, Task.Outputs, Seed));
        if (Hardware is { } hardware)
            module.ToAnalog(ConfigJson.Read<LayerHardware>(hardware.GetRawText()), Seed, [.. Rules.Select(rule => rule.ToRule())]);
        using var stream = new MemoryStream(Weights);
        Checkpoint.Load(stream, module);
        module.eval();
        return module;
    }

    /// <summary>Makes the layer that scales features, or null.</summary>
    public FeatureScaling? BuildScaling()
    {
        if (Scaling is null)
            return null;
        var layer = new FeatureScaling(Features);
        using var stream = new MemoryStream(Scaling);
        layer.load(stream);
        return layer;
    }

    /// <summary>Makes a network whose tensors belong to it and to no dispose scope.</summary>
    public static Module<Tensor, Tensor> Make(NetworkFactory factory, NetworkShape shape)
    {
        var module = factory.Create(shape) ?? throw new InvalidOperationException($"{factory.GetType().Name}.Create must make a network, but returned null.");
        foreach (var parameter in module.parameters())
            parameter.DetachFromDisposeScope();
        foreach (var buffer in module.buffers())
            buffer.DetachFromDisposeScope();
        return module;
    }

    private static JsonElement Json(HardwareConfig config) => JsonDocument.Parse(ConfigJson.Write(config)).RootElement;

    private NetworkFactory RestoreFactory()
    {
        var type = TypeNames.Find(FactoryType);
        if (!type.IsAssignableTo(typeof(NetworkFactory)))
            throw new InvalidDataException($"The saved network names '{FactoryType}' as its factory, which is no NetworkFactory: take another copy of the model.");
        return (NetworkFactory)Factory.Deserialize(type, StateJson.Options)!;
    }

    /// <summary>A rule about layers.</summary>
    /// <param name="Pattern">Names.</param>
    /// <param name="Type">Type.</param>
    /// <param name="Hardware">What they are on, or null if they are digital.</param>
    internal sealed record SavedRule(string? Pattern, string? Type, JsonElement? Hardware)
    {
        public static SavedRule Of(LayerRule rule) =>
            new(rule.Pattern, rule.LayerType is null ? null : TypeNames.Of(rule.LayerType), rule.Hardware is null ? null : Json(rule.Hardware));

        public LayerRule ToRule()
        {
            var hardware = Hardware is { } json ? ConfigJson.Read<LayerHardware>(json.GetRawText()) : null;
            if (Type is not null)
                return LayerRule.Of(TypeNames.Find(Type), hardware);
            return hardware is null ? LayerRule.Digital(Pattern!) : LayerRule.Named(Pattern!, hardware);
        }
    }

    /// <summary>A chip.</summary>
    /// <param name="Hardware">What it is.</param>
    /// <param name="Seed">Seed of its devices.</param>
    /// <param name="After">Time after programming (s).</param>
    internal sealed record SavedChip(JsonElement Hardware, long Seed, double After)
    {
        /// <summary>Gains and offsets that a recalibration found, by the names of arrays, or null.</summary>
        public Dictionary<string, OutputCorrection>? Corrections { get; init; }

        public static SavedChip Of(InferenceConfig hardware, long seed, double after) => new(Json(hardware), seed, after);

        [JsonIgnore]
        public InferenceConfig Config => ConfigJson.Read<InferenceConfig>(Hardware.GetRawText());
    }
}
