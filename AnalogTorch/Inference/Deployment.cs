using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>Brings trained models into programmed memory.</summary>
public static class Deployment
{
    /// <summary>Programs the weights of a model into memory, on which the model runs until the chip is disposed of.</summary>
    /// <remarks>
    /// The model may be digital, trained aware of the hardware, or trained in memory; its parameters keep the trained values, and disposing of the
    /// chip gives it back as it was. What the chip holds is a pure function of the weights, the config and the seed. Of a model that is converted
    /// already, the layers that it has on tiles are programmed, and the others stay digital.
    /// </remarks>
    /// <typeparam name="TModel">Type of the model.</typeparam>
    /// <param name="model">Any torch module.</param>
    /// <param name="hardware">The hardware of layers that no rule is about.</param>
    /// <param name="seed">Seed of all devices and all noise.</param>
    /// <param name="rules">Layers on other hardware, or left digital; the first that fits a layer decides.</param>
    /// <returns>The chip, right after programming.</returns>
    /// <exception cref="InvalidOperationException">The model is programmed already, or calls a layer in a way that would bypass its tile.</exception>
    /// <exception cref="ArgumentException">No layer can be programmed, a rule is about none or not about programming, or weights cannot be programmed.</exception>
    public static ProgrammedModel<TModel> Program<TModel>(this TModel model, InferenceConfig hardware, long seed = 0, params IReadOnlyList<LayerRule> rules) where TModel : nn.Module
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(hardware);
        ArgumentNullException.ThrowIfNull(rules);
        if (rules.FirstOrDefault(rule => rule.Hardware is not (null or InferenceConfig)) is { } other)
            throw new ArgumentException($"The rule for {other} must put layers on an InferenceConfig or leave them digital, but puts them on a {other.Hardware!.GetType().Name}, whose weights are trained and not programmed.");
        return new(model, hardware, seed, rules);
    }
}
