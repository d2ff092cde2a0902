using System.Runtime.InteropServices;
using AnalogTorch.Layers;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Where a watched pass is, so that what torch refuses can be said with the layer's name and both shapes.</summary>
/// <param name="model">The model.</param>
/// <param name="given">What the model was given, to end sentences with; empty if that is not known.</param>
internal sealed class WatchedPass(Module model, string given)
{
    private (string Name, Module Module, long[] Shape)? inside;
    private string? last;
    private bool mayHaveLeft;

    /// <summary>What the model was given, to end sentences with.</summary>
    public string Given => given;

    /// <summary>A layer is about to run.</summary>
    public void Enter(string name, Module module, Tensor x) => (inside, last, mayHaveLeft) = ((name, module, x.shape), name, false);

    /// <summary>The layer that was entered has run, or is about to: of layers with a state only the input is seen.</summary>
    public void Leave(bool isSure) => (inside, mayHaveLeft) = (isSure ? null : inside, !isSure);

    /// <summary>Runs the pass.</summary>
    /// <exception cref="ArgumentException">Torch refused something in it.</exception>
    public void Run(Action pass)
    {
        try
        {
            pass();
        }
        catch (ExternalException exception)
        {
            var reason = exception.Message.Split('\n')[0].Trim().TrimEnd('.');
            throw new ArgumentException($"{Where()}: {reason}{given}; hand in inputs of the shapes and types that the model takes.", exception);
        }
    }

    private string Where()
    {
        if (inside is not { } layer)
            return last is null ? $"{LayerKind.NameOf(model)} cannot run on its input" : $"{LayerKind.NameOf(model)} cannot go on after {last}";
        if (mayHaveLeft)
            return $"{LayerKind.NameOf(model)} cannot run in, or go on after, {layer.Name} with an input {InputShape.Text(layer.Shape)}";
        var weight = layer.Module.has_parameter("weight") ? $", whose weight is {InputShape.Text(layer.Module.get_parameter("weight")!.shape)}," : "";
        return $"{layer.Name}{weight} cannot take an input {InputShape.Text(layer.Shape)}";
    }
}
