using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogApp;

/// <summary>A network as one writes it for TorchSharp; nothing in it knows of analog memory.</summary>
public sealed class DigitNet : Module<Tensor, Tensor>
{
    private readonly Linear hidden = Linear(784, 64);
    private readonly Tanh activation = Tanh();
    private readonly Linear output = Linear(64, 10);

    public DigitNet() : base(nameof(DigitNet)) => RegisterComponents();

    public override Tensor forward(Tensor images) => output.call(activation.call(hidden.call(images)));
}
